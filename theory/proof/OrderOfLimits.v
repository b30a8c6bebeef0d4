From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse Potential Theorem1 JointLimit.
Set Implicit Arguments.
Open Scope R_scope.

(* =============== the joint limit at t = 1 holds IFF eta/beta -> 0 =============== *)
Section Iff.
Variables State Param : NM.
Notation Z := (prod_NormedModule R_AbsRing State Param).
Notation ZS := (prod_NormedModule R_AbsRing Z State).
Variables (F : State * Param -> State) (grad_ell : State -> State) (rule : (State * Param) * State -> Param) (s_star : State) (theta : Param).
Variables (J : State -> State) (B : Param -> State) (C : State -> Param).
Hypothesis J_linear : is_linear J.
Hypothesis B_linear : is_linear B.
Hypothesis C_linear : is_linear C.
Hypothesis settled : F (s_star, theta) = s_star.
Hypothesis rule_at_rest : rule ((s_star, theta), s_star) = zero.
Hypothesis F_diff : filterdiff (U := Z) F (locally ((s_star, theta) : Z)) (fun h => plus (J (fst h)) (B (snd h))).
Hypothesis rule_diff : filterdiff (U := ZS) rule (locally (((s_star, theta), s_star) : ZS)) (fun h => C (minus (snd h) (fst (fst h)))).
Hypothesis grad_ell_cont : continuous grad_ell s_star.
Let g := grad_ell s_star.
Context {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF}.
Variables (b e : T -> R).
Hypothesis Hb : filterlim b FF (locally (0:R)).
Hypothesis Hb0 : FF (fun x => b x <> 0).
Hypothesis He : filterlim e FF (locally (0:R)).

Lemma ratio_to_0 : B (C g) <> zero ->
  filterlim (fun x => Delta_s F grad_ell rule s_star theta (b x) (e x) 1) FF (locally (opp (J g))) ->
  filterlim (fun x => e x / b x) FF (locally (0:R)).
Proof.
intros Hn HD.
set (s1 := fun x => minus s_star (scal (b x : R_AbsRing) g)).
set (r := fun x => scal (/ b x : R_AbsRing) (rule ((s_star, theta), s1 x))).
set (z1 := fun x => (s1 x, plus theta (scal (e x / b x : R_AbsRing) (rule ((s_star, theta), s1 x)))) : Z).
assert (Ez1 : forall x, nudged_phase F grad_ell rule s_star theta (b x) (e x) 1 = z1 x).
{ intros x. unfold z1, s1; simpl. unfold nudged_step; simpl. rewrite settled. reflexivity. }
assert (Hr : filterlim r FF (locally (C (opp g)))).
{ assert (Hp : filterlim (fun x => scal (/ b x : R_AbsRing) (minus (((s_star, theta), s1 x) : ZS) (((s_star, theta), s_star) : ZS))) FF (locally ((((zero, zero), opp g)) : ZS))).
  { apply filterlim_ext_loc with (fun _ => ((zero, zero), opp g) : ZS). 2: apply filterlim_const.
    revert Hb0. apply filter_imp. intros x X. apply injective_projections; [apply injective_projections|].
    change (zero = scal (/ b x : R_AbsRing) (minus s_star s_star)). module State.
    change (zero = scal (/ b x : R_AbsRing) (minus theta theta)). module Param.
    change (opp g = scal (/ b x : R_AbsRing) (minus (s1 x) s_star)). unfold s1. module_field State. }
  assert (H3 := @hadamard T FF HF ZS Param rule _ ((s_star, theta), s_star) b (fun x => ((s_star, theta), s1 x)) _ rule_diff Hb Hb0 Hp). cbv beta in H3.
  rewrite rule_at_rest in H3. simpl fst in H3; simpl snd in H3.
  assert (E : minus (opp g) zero = opp g) by module State. rewrite E in H3.
  eapply filterlim_ext; [|exact H3]. intros x. unfold r. simpl. module Param. }
assert (Hs1 : filterlim s1 FF (locally s_star)).
{ assert (E : s_star = minus s_star (scal (0 : R_AbsRing) g)) by module State.
  unfold s1. replace (locally s_star) with (locally (minus s_star (scal (0 : R_AbsRing) g))) by now rewrite <- E.
  apply (@flim_minus T FF HF State). apply filterlim_const. apply (@flim_scal T FF HF State); auto. apply filterlim_const. }
assert (Hz1 : filterlim z1 FF (locally ((s_star, theta) : Z))).
{ apply (@flim_pair T FF HF State Param); auto.
  apply filterlim_ext with (fun x => plus theta (scal (e x : R_AbsRing) (r x))).
  intros x. unfold r. module Param.
  assert (E : theta = plus theta (scal (0 : R_AbsRing) (C (opp g)))) by module Param.
  replace (locally theta) with (locally (plus theta (scal (0 : R_AbsRing) (C (opp g))))) by now rewrite <- E.
  apply (@flim_plus T FF HF Param). apply filterlim_const. apply (@flim_scal T FF HF Param); auto. }
assert (HBr : filterlim (fun x => B (r x)) FF (locally (B (C (opp g))))).
{ eapply filterlim_comp. exact Hr. apply (linear_cont B _ B_linear). }
set (a := fun x => minus (plus (Delta_s F grad_ell rule s_star theta (b x) (e x) 1) (J g)) (minus g (grad_ell (s1 x)))).
assert (Ha : filterlim a FF (locally (zero : State))).
{ assert (E : (zero : State) = minus (plus (opp (J g)) (J g)) (minus g g)) by module State.
  replace (locally (zero : State)) with (locally (minus (plus (opp (J g)) (J g)) (minus g g))) by now rewrite <- E.
  unfold a. apply (@flim_minus T FF HF State). apply (@flim_plus T FF HF State); auto. apply filterlim_const.
  apply (@flim_minus T FF HF State). apply filterlim_const. eapply filterlim_comp. exact Hs1. exact grad_ell_cont. }
set (Rr := fun x => minus (minus (F (z1 x)) (F (s_star, theta))) (plus (J (fst (minus (z1 x) ((s_star, theta) : Z)))) (B (snd (minus (z1 x) ((s_star, theta) : Z)))))).
(* the key identity *)
assert (Key : FF (fun x => scal (e x / b x : R_AbsRing) (B (r x)) = minus (a x) (scal (/ b x : R_AbsRing) (Rr x)))).
{ revert Hb0. apply filter_imp. intros x X. unfold a, Rr.
  assert (E1 : fst (minus (z1 x) ((s_star, theta) : Z)) = scal (- b x : R_AbsRing) g).
  { change (minus (s1 x) s_star = scal (- b x : R_AbsRing) g). unfold s1. module State. }
  assert (E2 : snd (minus (z1 x) ((s_star, theta) : Z)) = scal (e x : R_AbsRing) (r x)).
  { change (minus (plus theta (scal (e x / b x : R_AbsRing) (rule ((s_star, theta), s1 x)))) theta = scal (e x : R_AbsRing) (r x)). unfold r. module Param. }
  rewrite E1, E2.
  assert (E3 : J (scal (- b x : R_AbsRing) g) = scal (- b x : R_AbsRing) (J g)) by exact (linear_scal J J_linear (- b x : R_AbsRing) g).
  assert (E4 : B (scal (e x : R_AbsRing) (r x)) = scal (e x : R_AbsRing) (B (r x))) by exact (linear_scal B B_linear (e x : R_AbsRing) (r x)).
  rewrite E3, E4, settled. unfold Delta_s.
  assert (E5 : fst (nudged_phase F grad_ell rule s_star theta (b x) (e x) (1 + 1)) = minus (F (z1 x)) (scal (b x : R_AbsRing) (grad_ell (s1 x)))).
  { change (1 + 1)%nat with (S 1).
    change (fst (nudged_step F grad_ell rule (b x) (e x) (nudged_phase F grad_ell rule s_star theta (b x) (e x) 1)) = minus (F (z1 x)) (scal (b x : R_AbsRing) (grad_ell (s1 x)))).
    rewrite Ez1. reflexivity. }
  rewrite E5, Ez1. change (fst (z1 x)) with (s1 x). unfold s1 at 2. module_field State. }
set (c := norm (B (C g))).
assert (Hc : 0 < c) by (apply norm_gt_0; exact Hn).
assert (Hg0 : 0 <= norm g) by apply norm_ge_0.
set (rb := norm (C (opp g)) + 1). assert (Hrb : 0 < rb) by (unfold rb; generalize (norm_ge_0 (C (opp g))); lra).
assert (EBC : norm (B (C (opp g))) = c).
{ assert (E1 : B (C (opp g)) = opp (B (C g))). { etransitivity. apply f_equal. exact (linear_opp C g C_linear). exact (linear_opp B _ B_linear). }
  rewrite E1. unfold c. apply norm_opp. }
apply (@flim_norm T FF HF R_NormedModule). intros eps.
assert (Heps := cond_pos eps).
assert (P1 : 0 < c / (8 * rb)) by (apply Rdiv_lt_0_compat; lra).
assert (P2 : 0 < c * eps / (32 * (norm g + 1))) by (apply Rdiv_lt_0_compat; nra).
assert (P3 : 0 < c * eps / 16) by nra.
assert (P4 : 0 < c / 2) by lra.
set (ep := mkposreal _ (Rmin_stable_in_posreal (mkposreal _ P1) (mkposreal _ P2))).
assert (Hep1 : ep <= c / (8 * rb)) by apply Rmin_l.
assert (Hep2 : ep <= c * eps / (32 * (norm g + 1))) by apply Rmin_r.
assert (N1 : FF (fun x => norm (Rr x) <= ep * norm (minus (z1 x) ((s_star, theta) : Z)))).
{ destruct F_diff as [_ Hd]. exact (Hz1 _ (Hd (s_star, theta) (fun P X => X) ep)). }
assert (N2 := proj1 (@flim_norm T FF HF State a zero) Ha (mkposreal _ P3)).
assert (N3 := proj1 (@flim_norm T FF HF State _ _) HBr (mkposreal _ P4)).
assert (N4 := proj1 (@flim_norm T FF HF Param _ _) Hr (mkposreal _ Rlt_0_1)).
refine (@filter_imp T FF HF _ _ _ (filter_and _ _ Hb0 (filter_and _ _ Key (filter_and _ _ N1 (filter_and _ _ N2 (filter_and _ _ N3 N4)))))).
clear N1 N2 N3 N4 Key.
intros x [X0 [K [M1 [M2 [M3 M4]]]]]. simpl in M2, M3, M4.
change (Rabs (e x / b x + - 0) < eps). rewrite Ropp_0, Rplus_0_r.
set (k := e x / b x) in *.
assert (Q1 : norm (a x) < c * eps / 16).
{ eapply Rle_lt_trans. 2: exact M2. right. apply f_equal. symmetry. apply minus_zero_r. }
assert (Q2 : c / 2 <= norm (B (r x))).
{ assert (E : B (C (opp g)) = minus (B (r x)) (minus (B (r x)) (B (C (opp g))))) by module State.
  assert (W : norm (B (C (opp g))) <= norm (B (r x)) + norm (minus (B (r x)) (B (C (opp g))))).
  { rewrite E at 1. eapply Rle_trans. apply norm_triangle. apply Rplus_le_compat_l. right. apply norm_opp. }
  rewrite EBC in W. assert (M3' : norm (minus (B (r x)) (B (C (opp g)))) < c / 2) by exact M3. lra. }
assert (Q3 : norm (r x) <= rb).
{ assert (E : r x = plus (minus (r x) (C (opp g))) (C (opp g))) by module Param.
  rewrite E. eapply Rle_trans. apply norm_triangle. unfold rb. rewrite Rplus_comm. apply Rplus_le_compat_l. left. exact M4. }
assert (Q4 : norm (minus (z1 x) ((s_star, theta) : Z)) <= 2 * (Rabs (b x) * (norm g + Rabs k * rb))).
{ eapply Rle_trans. exact (proj2 (@norm_prod R_AbsRing State Param (minus (s1 x) s_star) (minus (snd (z1 x)) theta))).
  assert (S2 : sqrt 2 <= 2). { rewrite <- (sqrt_square 2) at 2 by lra. apply sqrt_le_1; lra. }
  assert (A1 : norm (minus (s1 x) s_star) <= Rabs (b x) * norm g).
  { assert (E : minus (s1 x) s_star = scal (- b x : R_AbsRing) g) by (unfold s1; module State).
    rewrite E. eapply Rle_trans. right; apply norm_scal_R. rewrite Rabs_Ropp. right; reflexivity. }
  assert (A2 : norm (minus (snd (z1 x)) theta) <= Rabs (b x) * (Rabs k * rb)).
  { assert (E : minus (snd (z1 x)) theta = scal (b x * k : R_AbsRing) (r x)).
    { unfold z1, r, k; simpl. module_field Param. }
    rewrite E. eapply Rle_trans. right; apply norm_scal_R. rewrite Rabs_mult, Rmult_assoc.
    apply Rmult_le_compat_l. apply Rabs_pos. apply Rmult_le_compat_l. apply Rabs_pos. exact Q3. }
  assert (B1 : 0 <= norm (minus (s1 x) s_star)) by apply norm_ge_0.
  assert (B2 : 0 <= norm (minus (snd (z1 x)) theta)) by apply norm_ge_0.
  assert (MM : Rmax (norm (minus (s1 x) s_star)) (norm (minus (snd (z1 x)) theta)) <= Rabs (b x) * (norm g + Rabs k * rb)).
  { rewrite Rmult_plus_distr_l. apply Rmax_lub; lra. }
  assert (M0 : 0 <= Rmax (norm (minus (s1 x) s_star)) (norm (minus (snd (z1 x)) theta))) by (eapply Rle_trans; [exact B1 | apply Rmax_l]).
  eapply Rle_trans. apply Rmult_le_compat_r. exact M0. exact S2. lra. }
assert (Pb : 0 < Rabs (b x)) by now apply Rabs_pos_lt.
assert (Q5 : norm (scal (/ b x : R_AbsRing) (Rr x)) <= ep * (2 * (norm g + Rabs k * rb))).
{ eapply Rle_trans. right; apply norm_scal_R. rewrite Rabs_Rinv by auto.
  apply Rmult_le_reg_l with (Rabs (b x)); auto. rewrite <- Rmult_assoc, Rinv_r, Rmult_1_l by lra.
  eapply Rle_trans. exact M1.
  replace (Rabs (b x) * (ep * (2 * (norm g + Rabs k * rb)))) with (ep * (2 * (Rabs (b x) * (norm g + Rabs k * rb)))) by ring.
  apply Rmult_le_compat_l. left; apply cond_pos. exact Q4. }
assert (Q6 : Rabs k * norm (B (r x)) <= norm (a x) + ep * (2 * (norm g + Rabs k * rb))).
{ apply Rle_trans with (norm (scal (k : R_AbsRing) (B (r x)))). right; symmetry; apply norm_scal_R.
  assert (K' : scal (k : R_AbsRing) (B (r x)) = minus (a x) (scal (/ b x : R_AbsRing) (Rr x))) by exact K.
  rewrite K'. eapply Rle_trans. apply norm_triangle. apply Rplus_le_compat_l. eapply Rle_trans. right; apply norm_opp. exact Q5. }
assert (Pk := Rabs_pos k).
assert (T1 : Rabs k * (c / 2) <= Rabs k * norm (B (r x))) by (apply Rmult_le_compat_l; auto).
assert (T2 : ep * (2 * norm g) <= c * eps / 16).
{ apply Rle_trans with (c * eps / (32 * (norm g + 1)) * (2 * (norm g + 1))).
  apply Rmult_le_compat; try lra. left; apply cond_pos. right; field; lra. }
assert (T3 : ep * (2 * (Rabs k * rb)) <= Rabs k * (c / 4)).
{ apply Rle_trans with (c / (8 * rb) * (2 * (Rabs k * rb))).
  apply Rmult_le_compat_r; auto. nra. right; field; lra. }
assert (T4 : Rabs k * c < eps * c).
{ replace (ep * (2 * (norm g + Rabs k * rb))) with (ep * (2 * norm g) + ep * (2 * (Rabs k * rb))) in Q6 by ring. nra. }
apply Rmult_lt_reg_r with c; auto.
Qed.
End Iff.

Theorem cep_order_of_limits (State Param : NM) (ipS : State -> State -> R) (ipT : Param -> Param -> R) :
  is_inner_product State ipS -> is_inner_product Param ipT ->
  forall (Phi : State * Param -> R) (F : State * Param -> State) (Phi_theta : State * Param -> Param) (ell : State -> R) (grad_ell : State -> State) (s_star : State) (theta : Param)
    (DF : State * Param -> State) (DPhi_theta : State * Param -> Param),
  let Z := prod_NormedModule R_AbsRing State Param in
  locally ((s_star, theta) : Z) (fun z => is_gradient Z (@product_inner State Param ipS ipT) Phi z (F z, Phi_theta z)) ->
  filterdiff (U := Z) F (locally ((s_star, theta) : Z)) DF ->
  filterdiff (U := Z) Phi_theta (locally ((s_star, theta) : Z)) DPhi_theta ->
  is_gradient State ipS ell s_star (grad_ell s_star) -> continuous grad_ell s_star ->
  F (s_star, theta) = s_star ->
  forall (g_1 : State) (g_th1 : Param),
  is_gradient State ipS (fun s => ell (F (s, theta))) s_star g_1 ->
  is_gradient Param ipT (fun th => ell (F (s_star, th))) theta g_th1 ->
  g_th1 <> zero ->
  forall (T : Type) (FF : (T -> Prop) -> Prop) (HF : Filter FF) (beta eta : T -> R),
  filterlim beta FF (locally (0:R)) -> FF (fun x => beta x <> 0) ->
  filterlim eta FF (locally (0:R)) -> FF (fun x => eta x <> 0) ->
  (filterlim (fun x => Delta_s F grad_ell (ep_rule Phi_theta) s_star theta (beta x) (eta x) 1) FF (locally (opp g_1))
   <-> filterlim (fun x => eta x / beta x) FF (locally (0:R))).
Proof.
intros HS HT Phi F Phi_theta ell grad_ell s_star theta DF DPhi_theta Z primitive F_diff Phi_theta_diff ell_grad grad_ell_cont settled g_1 g_th1 H1 Hth1 Hne T FF HF beta eta Hb Hb0 He He0.
destruct (@bptt_gradients State Param ipS ipT HS HT Phi F Phi_theta ell grad_ell s_star theta primitive DF DPhi_theta F_diff Phi_theta_diff ell_grad settled 1) as [G1 _].
destruct (@bptt_gradients State Param ipS ipT HS HT Phi F Phi_theta ell grad_ell s_star theta primitive DF DPhi_theta F_diff Phi_theta_diff ell_grad settled 0) as [_ G2].
assert (E1 := gradient_unique HS H1 G1). assert (E2 := gradient_unique HT Hth1 G2). simpl in E1, E2.
set (J := dF_ds DF) in *. set (B := dF_dtheta DF). set (C := dPhi_theta_ds DPhi_theta) in *.
assert (LA : is_linear J) by exact (@dF_ds_linear State Param F s_star theta DF F_diff).
assert (LB : is_linear B) by exact (@dF_dtheta_linear State Param F s_star theta DF F_diff).
assert (LC : is_linear C) by exact (@dPhi_theta_ds_linear State Param Phi_theta s_star theta DPhi_theta Phi_theta_diff).
assert (dF2 := @F_diff_split State Param F s_star theta DF F_diff).
assert (R0 := @ep_rule_at_rest State Param Phi_theta s_star theta). assert (rule_diff := @ep_rule_diff State Param s_star theta Phi_theta DPhi_theta Phi_theta_diff).
split.
- intros HD. rewrite E1 in HD.
  apply (@ratio_to_0 State Param F grad_ell (ep_rule Phi_theta) s_star theta J B C LA LB LC settled R0 dF2 rule_diff grad_ell_cont T FF HF beta eta Hb Hb0 He); auto.
  intros N. apply Hne. rewrite E2.
  destruct (eq_dec (C (grad_ell s_star)) zero) as [E|E]; auto. exfalso.
  generalize (ip_pos HT E).
  assert (X : ipS (B (C (grad_ell s_star))) (grad_ell s_star) = ipT (C (grad_ell s_star)) (C (grad_ell s_star))) by exact (@mixed_derivative_adjoint State Param ipS ipT HS HT Phi F Phi_theta s_star theta primitive DF DPhi_theta F_diff Phi_theta_diff (C (grad_ell s_star)) (grad_ell s_star)).
  rewrite <- X, N, (ip_sym HS zero), (ip0r HS). lra.
- intros Hk. rewrite E1.
  destruct (@cep_joint_limit State Param F Phi_theta grad_ell s_star theta DF DPhi_theta F_diff Phi_theta_diff grad_ell_cont settled T FF HF beta eta 0 Hb Hb0 He0 Hk 1) as [L _].
  simpl in L.
  assert (E : plus (dF_ds DF (grad_ell s_star)) (scal (0 : R_AbsRing) (dF_dtheta DF (dPhi_theta_ds DPhi_theta (grad_ell s_star)))) = J (grad_ell s_star)) by (unfold J; module State).
  rewrite E in L. exact L.
Qed.
