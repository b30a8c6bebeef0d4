(** * A non-asymptotic error bound

    Theorem 1 is a limit.  Here is the distance to the limit at given beta <> 0 and
    eta, the ratio eta/beta included:

      |Delta_s(t) + nabla_s(t)|         <= state_constant t * (|beta| + |eta/beta|)
      |Delta_theta(t) + nabla_theta(t)| <= param_constant t * (|beta| + |eta/beta|)

    whenever |beta| + |eta/beta| <= [validity_radius] t.  The constants and the radius are
    defined in [ErrorConstants.v] by recursion on [t] from eight numbers ([problem_data]): bounds on the
    norms of the first derivatives at rest, on the second-order remainders of F and
    dPhi/dtheta in a ball, on the loss gradient at rest and on its Lipschitz constant.
    The theorem is [cep_error_bound]; [leaky_error_bound] in
    [OrderOfLimitsExamples.v] evaluates it on a network.

    Idea.  Write h = |beta|, k = |eta/beta|.  Let u_t solve the linear recursion at kappa = 0,
    u_(t+1) = J u_t - g, so that u_(t+1) - u_t = -J^t g = -nabla_s(t).  By induction on t

      |s_t - s_star - beta u_t| <= h (h + k) E_t   and   |theta_t - theta| <= h k Y_t,

    where one step of the neurons gives E_(t+1) from the remainder of F, from J, from the
    drift of theta through dF/dtheta and from the variation of the loss gradient, and one
    step of the rule gives Y_(t+1).  Divide by beta the difference of two successive steps. *)
From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics LearningRules LinearResponse Potential.
From CEP Require Export ErrorConstants.
Set Implicit Arguments.
Open Scope R_scope.

(** ** The second phase at given beta and eta *)
Section Trajectory.
Variables State Param : NM.
Variables (F : State * Param -> State) (grad_ell : State -> State) (rule : (State * Param) * State -> Param).
Variables (s_star : State) (theta : Param).
Variables (J : State -> State) (B : Param -> State) (C : State -> Param).
Variable d : problem_data.
Hypothesis Hd : nonnegative d.
Hypothesis J_linear : is_linear J.
Hypothesis B_linear : is_linear B.
Hypothesis C_linear : is_linear C.
Hypothesis J_bound : forall x, norm (J x) <= norm_J d * norm x.
Hypothesis B_bound : forall v, norm (B v) <= norm_B d * norm v.
Hypothesis C_bound : forall x, norm (C x) <= norm_C d * norm x.
Hypothesis F_remainder : forall s th, norm (minus s s_star) <= radius d -> norm (minus th theta) <= radius d ->
  norm (minus (minus (F (s, th)) s_star) (plus (J (minus s s_star)) (B (minus th theta))))
    <= remainder_F d * (norm (minus s s_star) + norm (minus th theta)) ^ 2.
Hypothesis rule_remainder : forall s s' th,
  norm (minus s s_star) <= radius d -> norm (minus s' s_star) <= radius d -> norm (minus th theta) <= radius d ->
  norm (minus (rule ((s, th), s')) (C (minus s' s)))
    <= 2 * remainder_Phi_theta d * (norm (minus s s_star) + norm (minus s' s_star) + norm (minus th theta)) ^ 2.
Hypothesis grad_bound : norm (grad_ell s_star) <= norm_grad d.
Hypothesis grad_lipschitz : forall s, norm (minus s s_star) <= radius d ->
  norm (minus (grad_ell s) (grad_ell s_star)) <= lipschitz_grad d * norm (minus s s_star).

Variables (beta eta : R) (t : nat).
Hypothesis beta_nonzero : beta <> 0.
Let h := Rabs beta.
Let k := Rabs (eta / beta).
Let eps := h + k.
Hypothesis small : eps <= validity_radius d t.
Let z (i : nat) := nudged_phase F grad_ell rule s_star theta beta eta i.
Let u (i : nat) : State := fst (linear_phase State Param grad_ell s_star J B C 0 i).
Local Notation E := (state_error d).
Local Notation Y := (param_size d).
Local Notation U := (linear_size d).
Local Notation X := (state_size d).

Lemma h_pos : 0 < h. Proof. now apply Rabs_pos_lt. Qed.
Lemma k_pos : 0 <= k. Proof. apply Rabs_pos. Qed.
Lemma eps_le_1 : eps <= 1. Proof. eapply Rle_trans. exact small. apply Rmin_l. Qed.
Lemma u_next i : u (1 + i) = minus (J (u i)) (grad_ell s_star).
Proof.
unfold u. etransitivity.
apply (@linear_phase_state State Param grad_ell s_star J B C B_linear C_linear 0 i).
rewrite modified_jacobian_0. reflexivity.
Qed.
Lemma u_bound i : norm (u i) <= U i.
Proof.
destruct Hd as [? [? [? [? [? [? [? ?]]]]]]].
induction i as [|i IH]. unfold u; simpl. rewrite norm_zero. lra.
change (S i) with (1 + i)%nat. rewrite u_next, U_next. eapply Rle_trans. apply norm_triangle.
apply Rplus_le_compat. eapply Rle_trans. apply J_bound. now apply Rmult_le_compat_l.
eapply Rle_trans. right; apply norm_opp. exact grad_bound.
Qed.

Definition close_s (i : nat) : Prop := norm (minus (minus (fst (z i)) s_star) (scal (beta : R_AbsRing) (u i))) <= h * eps * E i.
Definition close_theta (i : nat) : Prop := norm (minus (snd (z i)) theta) <= h * k * Y i.

Lemma size_s i : close_s i -> norm (minus (fst (z i)) s_star) <= h * X i.
Proof.
intros H. assert (P1 := h_pos). assert (P2 := k_pos). assert (P3 := eps_le_1).
replace (minus (fst (z i)) s_star) with (plus (minus (minus (fst (z i)) s_star) (scal (beta : R_AbsRing) (u i))) (scal (beta : R_AbsRing) (u i))) by module State.
eapply Rle_trans. apply norm_triangle. unfold state_size. rewrite Rmult_plus_distr_l, Rplus_comm.
apply Rplus_le_compat.
- eapply Rle_trans. right; apply norm_scal_R. apply Rmult_le_compat_l. apply Rabs_pos. apply u_bound.
- eapply Rle_trans. exact H. apply Rmult_le_compat_r. apply (EY_pos Hd). nra.
Qed.
Lemma ball_s i : (i <= 1 + t)%nat -> close_s i -> norm (minus (fst (z i)) s_star) <= radius d.
Proof.
intros Hi H. eapply Rle_trans. apply (size_s H).
assert (P1 := h_pos). assert (P2 := k_pos).
apply Rle_trans with (eps * X i). apply Rmult_le_compat_r. now apply X_pos. unfold eps; lra.
apply (@stays_in_ball d Hd t). split; [unfold eps; lra | exact small]. now apply X_pos.
left. now apply X_mono.
Qed.
Lemma ball_theta i : (i <= t)%nat -> close_theta i -> norm (minus (snd (z i)) theta) <= radius d.
Proof.
intros Hi H. eapply Rle_trans. apply H.
assert (P1 := h_pos). assert (P2 := k_pos). assert (P3 := eps_le_1). assert (P4 := proj2 (EY_pos Hd i)).
apply Rle_trans with (eps * Y i). apply Rmult_le_compat_r; auto. unfold eps in *. nra.
apply (@stays_in_ball d Hd t). split; [unfold eps; lra | exact small]. exact P4.
right. now apply Y_mono.
Qed.

Lemma state_step i : (i <= t)%nat -> close_s i -> close_theta i -> close_s (1 + i).
Proof.
intros Hi Hs Hth. assert (Ps := @size_s i Hs). assert (Bs := @ball_s i ltac:(lia) Hs). assert (Bt := @ball_theta i Hi Hth).
assert (P1 := h_pos). assert (P2 := k_pos). assert (P3 := eps_le_1).
assert (PX := X_pos Hd i). assert (PY := proj2 (EY_pos Hd i)). assert (PE := proj1 (EY_pos Hd i)).
assert (N1 : 0 <= norm (minus (fst (z i)) s_star)) by apply norm_ge_0.
assert (N2 : 0 <= norm (minus (snd (z i)) theta)) by apply norm_ge_0.
assert (RF := @F_remainder (fst (z i)) (snd (z i)) Bs Bt). rewrite <- surjective_pairing in RF.
assert (Rg := @grad_lipschitz (fst (z i)) Bs).
unfold close_s in *. unfold close_theta in Hth.
change (fst (z (1 + i))) with (minus (F (z i)) (scal (beta : R_AbsRing) (grad_ell (fst (z i))))).
set (a := minus (fst (z i)) s_star) in *. set (v := minus (snd (z i)) theta) in *.
set (r := minus (minus (F (z i)) s_star) (plus (J a) (B v))) in *.
set (q := minus (grad_ell (fst (z i))) (grad_ell s_star)) in *.
set (w := minus a (scal (beta : R_AbsRing) (u i))) in *.
assert (Id : minus (minus (minus (F (z i)) (scal (beta : R_AbsRing) (grad_ell (fst (z i))))) s_star) (scal (beta : R_AbsRing) (u (1 + i)))
   = plus (plus r (J w)) (minus (B v) (scal (beta : R_AbsRing) q))).
{ assert (E1 : J w = minus (J a) (scal (beta : R_AbsRing) (J (u i)))).
  { etransitivity. exact (linear_minus J _ _ J_linear). apply f_equal. exact (linear_scal J J_linear (beta : R_AbsRing) (u i)). }
  rewrite E1, u_next. unfold r, q. module State. }
rewrite Id. clear Id.
destruct Hd as [D1 [D2 [D3 [D4 [D5 [D6 [D7 D8]]]]]]].
assert (T1 : norm r <= h * eps * (remainder_F d * (X i + Y i) ^ 2)).
{ eapply Rle_trans. exact RF.
  apply Rle_trans with (remainder_F d * (h * (X i + Y i)) ^ 2).
  - apply Rmult_le_compat_l; auto. apply sq_mono. lra.
    assert (h * k * Y i <= h * Y i) by (assert (k <= 1) by (unfold eps in P3; lra); assert (h * k <= h) by nra; apply Rmult_le_compat_r; auto). lra.
  - replace (remainder_F d * (h * (X i + Y i)) ^ 2) with (h * h * (remainder_F d * (X i + Y i) ^ 2)) by ring.
    apply Rmult_le_compat_r. apply Rmult_le_pos; auto. apply pow2_ge_0. apply Rmult_le_compat_l. lra. unfold eps; lra. }
assert (T2 : norm (J w) <= h * eps * (norm_J d * E i)).
{ eapply Rle_trans. apply J_bound. replace (h * eps * (norm_J d * E i)) with (norm_J d * (h * eps * E i)) by ring. now apply Rmult_le_compat_l. }
assert (T3 : norm (B v) <= h * eps * (norm_B d * Y i)).
{ eapply Rle_trans. apply B_bound. replace (h * eps * (norm_B d * Y i)) with (norm_B d * (h * eps * Y i)) by ring.
  apply Rmult_le_compat_l; auto. eapply Rle_trans. exact Hth. apply Rmult_le_compat_r; auto. apply Rmult_le_compat_l. lra. unfold eps; lra. }
assert (T4 : norm (scal (beta : R_AbsRing) q) <= h * eps * (lipschitz_grad d * X i)).
{ eapply Rle_trans. right; apply norm_scal_R. fold h. rewrite Rmult_assoc. apply Rmult_le_compat_l. lra.
  eapply Rle_trans. exact Rg. apply Rle_trans with (lipschitz_grad d * (eps * X i)). 2: right; ring.
  apply Rmult_le_compat_l; auto. eapply Rle_trans. exact Ps. apply Rmult_le_compat_r; auto. unfold eps; lra. }
rewrite E_next.
replace (h * eps * (remainder_F d * (X i + Y i) ^ 2 + norm_J d * E i + norm_B d * Y i + lipschitz_grad d * X i))
  with ((h * eps * (remainder_F d * (X i + Y i) ^ 2) + h * eps * (norm_J d * E i)) + (h * eps * (norm_B d * Y i) + h * eps * (lipschitz_grad d * X i))) by ring.
eapply Rle_trans. apply norm_triangle. apply Rplus_le_compat.
eapply Rle_trans. apply norm_triangle. now apply Rplus_le_compat.
eapply Rle_trans. apply norm_triangle. apply Rplus_le_compat. exact T3. eapply Rle_trans. right; apply norm_opp. exact T4.
Qed.

Lemma rule_value i : (i <= t)%nat -> close_s i -> close_theta i -> close_s (1 + i) ->
  norm (minus (rule (z i, fst (z (1 + i)))) (C (minus (fst (z (1 + i))) (fst (z i)))))
    <= h * h * (2 * remainder_Phi_theta d * (X i + X (1 + i) + Y i) ^ 2).
Proof.
intros Hi Hs Hth Hs'.
assert (Ps := @size_s i Hs). assert (Ps' := @size_s (1 + i) Hs').
assert (Bs := @ball_s i ltac:(lia) Hs). assert (Bs' := @ball_s (1 + i) ltac:(lia) Hs'). assert (Bt := @ball_theta i Hi Hth).
assert (RR := @rule_remainder _ _ _ Bs Bs' Bt). rewrite <- surjective_pairing in RR.
assert (P1 := h_pos). assert (P2 := k_pos). assert (P3 := eps_le_1). assert (PY := proj2 (EY_pos Hd i)).
assert (N1 : 0 <= norm (minus (fst (z i)) s_star)) by apply norm_ge_0.
assert (N2 : 0 <= norm (minus (snd (z i)) theta)) by apply norm_ge_0.
assert (N3 : 0 <= norm (minus (fst (z (1 + i))) s_star)) by apply norm_ge_0.
unfold close_theta in Hth.
destruct Hd as [D1 [D2 [D3 [D4 [D5 [D6 [D7 D8]]]]]]].
eapply Rle_trans. exact RR.
replace (h * h * (2 * remainder_Phi_theta d * (X i + X (1 + i) + Y i) ^ 2)) with (2 * remainder_Phi_theta d * (h * (X i + X (1 + i) + Y i)) ^ 2) by ring.
apply Rmult_le_compat_l. lra. apply sq_mono. lra.
assert (h * k * Y i <= h * Y i) by (assert (k <= 1) by (unfold eps in P3; lra); assert (h * k <= h) by nra; apply Rmult_le_compat_r; auto). lra.
Qed.
Lemma param_step i : (i < t)%nat -> close_s i -> close_theta i -> close_s (1 + i) -> close_theta (1 + i).
Proof.
intros Hi Hs Hth Hs'. assert (RV := @rule_value i ltac:(lia) Hs Hth Hs').
assert (Ps := @size_s i Hs). assert (Ps' := @size_s (1 + i) Hs').
assert (P1 := h_pos). assert (P2 := k_pos). assert (P3 := eps_le_1). assert (PY := proj2 (EY_pos Hd i)).
assert (PX := X_pos Hd i). assert (PX' := X_pos Hd (1 + i)).
unfold close_theta in *.
change (snd (z (1 + i))) with (plus (snd (z i)) (scal (eta / beta : R_AbsRing) (rule (z i, fst (z (1 + i)))))).
set (v := rule (z i, fst (z (1 + i)))) in *. set (c := C (minus (fst (z (1 + i))) (fst (z i)))) in *.
assert (Q : 0 <= 2 * remainder_Phi_theta d * (X i + X (1 + i) + Y i) ^ 2).
{ apply Rmult_le_pos. destruct Hd as [? [? [? [? [? [? [? ?]]]]]]]; lra. apply pow2_ge_0. }
assert (Nc : norm c <= h * (norm_C d * (X i + X (1 + i)))).
{ unfold c. eapply Rle_trans. apply C_bound. replace (h * (norm_C d * (X i + X (1 + i)))) with (norm_C d * (h * X (1 + i) + h * X i)) by ring.
  apply Rmult_le_compat_l. apply Hd.
  replace (minus (fst (z (1 + i))) (fst (z i))) with (minus (minus (fst (z (1 + i))) s_star) (minus (fst (z i)) s_star)) by module State.
  eapply Rle_trans. apply norm_triangle. apply Rplus_le_compat. exact Ps'. eapply Rle_trans. right; apply norm_opp. exact Ps. }
assert (Nv : norm v <= h * (norm_C d * (X i + X (1 + i)) + 2 * remainder_Phi_theta d * (X i + X (1 + i) + Y i) ^ 2)).
{ replace v with (plus (minus v c) c) by module Param. eapply Rle_trans. apply norm_triangle. rewrite Rmult_plus_distr_l, Rplus_comm.
  apply Rplus_le_compat. exact Nc. eapply Rle_trans. exact RV. apply Rmult_le_compat_r. exact Q. unfold eps in P3. nra. }
replace (minus (plus (snd (z i)) (scal (eta / beta : R_AbsRing) v)) theta) with (plus (minus (snd (z i)) theta) (scal (eta / beta : R_AbsRing) v)) by module Param.
rewrite Y_next, Rmult_plus_distr_l. eapply Rle_trans. apply norm_triangle. apply Rplus_le_compat. exact Hth.
eapply Rle_trans. right; apply norm_scal_R. fold k. rewrite (Rmult_comm h k), Rmult_assoc. now apply Rmult_le_compat_l.
Qed.

Lemma close_all i : (i <= t)%nat -> close_s i /\ close_theta i.
Proof.
induction i as [|i IH]; intros Hi.
- split; unfold close_s, close_theta, z, u; simpl.
  + assert (E0 : minus (minus s_star s_star) (scal (beta : R_AbsRing) (zero : State)) = zero) by module State.
    eapply Rle_trans. right; apply f_equal; exact E0. rewrite norm_zero. unfold state_error; simpl. lra.
  + assert (E0 : minus theta theta = zero) by module Param.
    eapply Rle_trans. right; apply f_equal; exact E0. rewrite norm_zero. unfold param_size; simpl. lra.
- destruct IH as [I1 I2]. lia. assert (I3 := @state_step i ltac:(lia) I1 I2). split. exact I3. apply param_step; auto.
Qed.

Theorem nudged_phase_error :
  norm (plus (Delta_s F grad_ell rule s_star theta beta eta t) (iterate J t (grad_ell s_star))) <= state_constant d t * eps /\
  (eta <> 0 -> norm (plus (Delta_theta F grad_ell rule s_star theta beta eta t) (C (iterate J t (grad_ell s_star)))) <= param_constant d t * eps).
Proof.
destruct (@close_all t ltac:(lia)) as [I1 I2]. assert (I3 := @state_step t ltac:(lia) I1 I2).
assert (RV := @rule_value t ltac:(lia) I1 I2 I3).
assert (P1 := h_pos). assert (P2 := k_pos).
assert (Iu : iterate J t (grad_ell s_star) = opp (minus (u (1 + t)) (u t))).
{ assert (E0 := @linear_phase_increment State Param grad_ell s_star J B C J_linear B_linear C_linear 0 t).
  unfold u. rewrite E0. assert (E1 : iterate (modified_jacobian J B C 0) t (grad_ell s_star) = iterate J t (grad_ell s_star)) by (apply iterate_ext; apply modified_jacobian_0).
  rewrite E1. module State. }
set (w := minus (minus (fst (z t)) s_star) (scal (beta : R_AbsRing) (u t))).
set (w' := minus (minus (fst (z (1 + t))) s_star) (scal (beta : R_AbsRing) (u (1 + t)))).
assert (NW : norm (minus w' w) <= h * eps * state_constant d t).
{ unfold state_constant. rewrite Rmult_plus_distr_l, Rplus_comm. eapply Rle_trans. apply norm_triangle. apply Rplus_le_compat. exact I3.
  eapply Rle_trans. right; apply norm_opp. exact I1. }
assert (Hi : Rabs (/ beta) = / h) by (unfold h; now rewrite Rabs_Rinv).
assert (Scale : forall x c, x <= h * c -> / h * x <= c).
{ intros x c Hx. apply Rle_trans with (/ h * (h * c)). apply Rmult_le_compat_l; auto. left; now apply Rinv_0_lt_compat. right; field; lra. }
split.
- assert (Id : plus (Delta_s F grad_ell rule s_star theta beta eta t) (iterate J t (grad_ell s_star)) = scal (/ beta : R_AbsRing) (minus w' w)).
  { rewrite Iu. unfold Delta_s. fold (z (1 + t)) (z t). unfold w, w'. module_field State. }
  rewrite Id. eapply Rle_trans. right; apply norm_scal_R. rewrite Hi. apply Scale. lra.
- intros He.
  set (v := rule (z t, fst (z (1 + t)))) in *. set (dd := minus (fst (z (1 + t))) (fst (z t))) in *.
  assert (Id : plus (Delta_theta F grad_ell rule s_star theta beta eta t) (C (iterate J t (grad_ell s_star)))
     = scal (/ beta : R_AbsRing) (plus (minus v (C dd)) (C (minus w' w)))).
  { assert (EC : C (minus w' w) = minus (C dd) (scal (beta : R_AbsRing) (C (minus (u (1 + t)) (u t))))).
    { assert (E0 : minus w' w = minus dd (scal (beta : R_AbsRing) (minus (u (1 + t)) (u t)))) by (unfold w, w', dd; module State).
      rewrite E0. etransitivity. exact (linear_minus C _ _ C_linear). apply f_equal. exact (linear_scal C C_linear (beta : R_AbsRing) _). }
    assert (EI : C (iterate J t (grad_ell s_star)) = opp (C (minus (u (1 + t)) (u t)))) by (rewrite Iu; exact (linear_opp C _ C_linear)).
    rewrite EC, EI. unfold Delta_theta.
    change (snd (nudged_phase F grad_ell rule s_star theta beta eta (1 + t))) with (plus (snd (z t)) (scal (eta / beta : R_AbsRing) v)).
    change (snd (nudged_phase F grad_ell rule s_star theta beta eta t)) with (snd (z t)). module_field Param. }
  rewrite Id. eapply Rle_trans. right; apply norm_scal_R. rewrite Hi. apply Scale.
  unfold param_constant. eapply Rle_trans. apply norm_triangle.
  replace (h * ((norm_C d * state_constant d t + 2 * remainder_Phi_theta d * (X t + X (1 + t) + Y t) ^ 2) * eps))
    with (h * eps * (2 * remainder_Phi_theta d * (X t + X (1 + t) + Y t) ^ 2) + norm_C d * (h * eps * state_constant d t)) by ring.
  apply Rplus_le_compat.
  + eapply Rle_trans. exact RV. apply Rmult_le_compat_r.
    apply Rmult_le_pos. destruct Hd as [? [? [? [? [? [? [? ?]]]]]]]; lra. apply pow2_ge_0.
    apply Rmult_le_compat_l. lra. unfold eps; lra.
  + eapply Rle_trans. apply C_bound. apply Rmult_le_compat_l. apply Hd. exact NW.
Qed.
End Trajectory.

(** ** The theorem, from the primitive function *)

Section ErrorBound.
Variables State Param : NM.
Notation Z := (prod_NormedModule R_AbsRing State Param).
Variables (ipS : State -> State -> R) (ipT : Param -> Param -> R).
Hypothesis HS : is_inner_product State ipS.
Hypothesis HT : is_inner_product Param ipT.
Variables (Phi : State * Param -> R) (F : State * Param -> State) (Phi_theta : State * Param -> Param).
Variables (ell : State -> R) (grad_ell : State -> State) (s_star : State) (theta : Param).
Hypothesis primitive : locally ((s_star, theta) : Z) (fun z => is_gradient Z (@product_inner State Param ipS ipT) Phi z (F z, Phi_theta z)).
Variables (DF : State * Param -> State) (DPhi_theta : State * Param -> Param).
Hypothesis F_diff : filterdiff (U := Z) F (locally ((s_star, theta) : Z)) DF.
Hypothesis Phi_theta_diff : filterdiff (U := Z) Phi_theta (locally ((s_star, theta) : Z)) DPhi_theta.
Hypothesis ell_grad : is_gradient State ipS ell s_star (grad_ell s_star).
Hypothesis settled : F (s_star, theta) = s_star.
Variable d : problem_data.
Hypothesis d_nonnegative : nonnegative d.
Hypothesis d_bounds : bounds_problem State Param F Phi_theta grad_ell s_star theta DF DPhi_theta d.

Theorem cep_error_bound (t : nat) (g_s : State) (g_th : Param) :
  is_gradient State ipS (fun s => ell (free_phase F theta t s)) s_star g_s ->
  is_gradient Param ipT (fun th => ell (free_phase F theta t (F (s_star, th)))) theta g_th ->
  forall beta eta : R, beta <> 0 -> Rabs beta + Rabs (eta / beta) <= validity_radius d t ->
  norm (plus (Delta_s F grad_ell (ep_rule Phi_theta) s_star theta beta eta t) g_s)
    <= state_constant d t * (Rabs beta + Rabs (eta / beta)) /\
  (eta <> 0 -> norm (plus (Delta_theta F grad_ell (ep_rule Phi_theta) s_star theta beta eta t) g_th)
    <= param_constant d t * (Rabs beta + Rabs (eta / beta))).
Proof.
intros Hgs Hgth beta eta Hb Hr.
destruct (@bptt_gradients State Param ipS ipT HS HT Phi F Phi_theta ell grad_ell s_star theta primitive DF DPhi_theta F_diff Phi_theta_diff ell_grad settled t) as [G1 G2].
rewrite (gradient_unique HS Hgs G1), (gradient_unique HT Hgth G2).
destruct d_bounds as [BJ [BB [BC [RF [RP [Bg Lg]]]]]].
apply (@nudged_phase_error State Param F grad_ell (ep_rule Phi_theta) s_star theta (dF_ds DF) (dF_dtheta DF) (dPhi_theta_ds DPhi_theta) d d_nonnegative
  (@dF_ds_linear State Param F s_star theta DF F_diff) (@dF_dtheta_linear State Param F s_star theta DF F_diff)
  (@dPhi_theta_ds_linear State Param Phi_theta s_star theta DPhi_theta Phi_theta_diff)); auto.
- intros s th H1 H2. assert (X := RF s th H1 H2). rewrite settled in X.
  assert (E : DF (minus s s_star, minus th theta) = plus (dF_ds DF (minus s s_star)) (dF_dtheta DF (minus th theta)))
    by exact (@split_lin State Param State DF (proj1 F_diff) (minus s s_star, minus th theta)).
  rewrite E in X. exact X.
- intros s s' th H1 H2 H3. assert (X := RP s th H1 H3). assert (X' := RP s' th H2 H3).
  set (x := norm (minus s s_star)) in *. set (x' := norm (minus s' s_star)) in *. set (y := norm (minus th theta)) in *.
  set (r := minus (minus (Phi_theta (s, th)) (Phi_theta (s_star, theta))) (DPhi_theta (minus s s_star, minus th theta))) in *.
  set (r' := minus (minus (Phi_theta (s', th)) (Phi_theta (s_star, theta))) (DPhi_theta (minus s' s_star, minus th theta))) in *.
  assert (Id : minus (ep_rule Phi_theta ((s, th), s')) (dPhi_theta_ds DPhi_theta (minus s' s)) = minus r' r).
  { assert (E : dPhi_theta_ds DPhi_theta (minus s' s) = minus (DPhi_theta (minus s' s_star, minus th theta)) (DPhi_theta (minus s s_star, minus th theta))).
    { etransitivity. 2: exact (@linear_minus R_AbsRing Z Param DPhi_theta (minus s' s_star, minus th theta) (minus s s_star, minus th theta) (proj1 Phi_theta_diff)).
      unfold dPhi_theta_ds. f_equal. apply injective_projections; simpl.
      change (minus s' s = minus (minus s' s_star) (minus s s_star)). module State.
      change (zero = minus (minus th theta) (minus th theta)). module Param. }
    rewrite E. unfold ep_rule, r, r'. simpl. module Param. }
  rewrite Id. eapply Rle_trans. apply norm_triangle. 
  assert (N : norm (opp r) <= remainder_Phi_theta d * (x + y) ^ 2) by (eapply Rle_trans; [right; apply norm_opp | exact X]).
  assert (0 <= x) by apply norm_ge_0. assert (0 <= x') by apply norm_ge_0. assert (0 <= y) by apply norm_ge_0.
  assert (M0 : 0 <= remainder_Phi_theta d) by (destruct d_nonnegative as [? [? [? [? [? ?]]]]]; auto).
  assert (S1 : remainder_Phi_theta d * (x + y) ^ 2 <= remainder_Phi_theta d * (x + x' + y) ^ 2) by (apply Rmult_le_compat_l; auto; apply sq_mono; lra).
  assert (S2 : remainder_Phi_theta d * (x' + y) ^ 2 <= remainder_Phi_theta d * (x + x' + y) ^ 2) by (apply Rmult_le_compat_l; auto; apply sq_mono; lra).
  lra.
Qed.
End ErrorBound.
