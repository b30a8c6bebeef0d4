From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt LearningRules LinearResponse Potential Theorem1 JointLimit.
Set Implicit Arguments.
Open Scope R_scope.

(* ---------- C-VF: no potential; J need not be symmetric ---------- *)
Section CVF.
Variables State Param : NM.
Notation Z := (prod_NormedModule R_AbsRing State Param).
Variables (ipS : State -> State -> R) (ipT : Param -> Param -> R).
Hypothesis HS : is_inner_product State ipS.
Hypothesis HT : is_inner_product Param ipT.
Variables (F : State * Param -> State) (ell : State -> R) (grad_ell : State -> State) (s_star : State) (theta : Param).
Variables (J Jt : State -> State) (B : Param -> State) (H : State * Param -> State -> Param).
Hypothesis J_linear : is_linear J.
Hypothesis B_linear : is_linear B.
Hypothesis HH : is_linear (H (s_star, theta)).
Hypothesis F_diff : filterdiff (U := Z) F (locally ((s_star, theta) : Z)) (fun h => plus (J (fst h)) (B (snd h))).
Hypothesis adjA : forall x y, ipS (J x) y = ipS x (Jt y).
Hypothesis adjB : forall v y, ipS (B v) y = ipT v (H (s_star, theta) y).   (* H = (F_diff/dtheta)^T at the fixed point *)
Hypothesis cH : forall eps : posreal, locally ((s_star, theta) : Z) (fun z => forall w, norm (minus (H z w) (H (s_star, theta) w)) <= eps * norm w).
Hypothesis ell_grad : is_gradient State ipS ell s_star (grad_ell s_star).
Hypothesis grad_ell_cont : continuous grad_ell s_star.
Hypothesis settled : F (s_star, theta) = s_star.

Theorem vf_joint_limit {T : Type} (FF : (T -> Prop) -> Prop) {HF : Filter FF} (beta eta : T -> R) :
  filterlim beta FF (locally (0:R)) -> FF (fun x => beta x <> 0) -> FF (fun x => eta x <> 0) ->
  filterlim (fun x => eta x / beta x) FF (locally (0:R)) ->
  forall t (g_th : Param), is_gradient Param ipT (fun th => ell (free_phase F theta t (F (s_star, th)))) theta g_th ->
  filterlim (fun x => Delta_theta F grad_ell (vf_rule H) s_star theta (beta x) (eta x) t) FF
    (locally (plus (opp g_th) (H (s_star, theta) (minus (iterate Jt t (grad_ell s_star)) (iterate J t (grad_ell s_star)))))) /\
  ((forall x, Jt x = J x) -> filterlim (fun x => Delta_theta F grad_ell (vf_rule H) s_star theta (beta x) (eta x) t) FF (locally (opp g_th))).
Proof.
intros Hb Hb0 He0 Hk t g_th Hg.
assert (R0 : vf_rule H ((s_star, theta), s_star) = zero).
{ unfold vf_rule; simpl. assert (E : minus s_star s_star = zero) by module State. rewrite E. exact (linear_zero _ HH). }
destruct (@Delta_limit_closed State Param F grad_ell (vf_rule H) s_star theta J B (H (s_star, theta)) J_linear B_linear HH settled R0 F_diff (@vf_rule_diff State Param s_star theta H HH cH) grad_ell_cont T FF HF beta eta 0 Hb Hb0 Hk t) as [_ [_ H3]].
specialize (H3 He0).
assert (E0 : iterate (modified_jacobian J B (H (s_star, theta)) 0) t (grad_ell s_star) = iterate J t (grad_ell s_star)) by (apply iterate_ext; apply modified_jacobian_0).
rewrite E0 in H3.
assert (G2 := @bptt_gradient_param State Param ipS ipT HS HT F ell (grad_ell s_star) s_star theta J B settled F_diff ell_grad J_linear B_linear Jt (H (s_star, theta)) adjA adjB t).
assert (Eg : g_th = H (s_star, theta) (iterate Jt t (grad_ell s_star))).
{ rewrite (gradient_unique HT Hg G2). unfold nabla_theta. apply f_equal. clear. induction t; simpl; congruence. }
assert (E1 : H (s_star, theta) (opp (iterate J t (grad_ell s_star))) = opp (H (s_star, theta) (iterate J t (grad_ell s_star)))) by exact (linear_opp _ _ HH).
rewrite E1 in H3.
split.
- assert (E2 : H (s_star, theta) (minus (iterate Jt t (grad_ell s_star)) (iterate J t (grad_ell s_star))) = minus (H (s_star, theta) (iterate Jt t (grad_ell s_star))) (H (s_star, theta) (iterate J t (grad_ell s_star)))) by exact (linear_minus _ _ _ HH).
  rewrite E2, Eg.
  match goal with |- filterlim _ _ (locally ?x) => replace x with (opp (H (s_star, theta) (iterate J t (grad_ell s_star)))) by module Param end.
  exact H3.
- intros Hsym. rewrite Eg. rewrite (@iterate_ext State Jt J t (grad_ell s_star) Hsym). exact H3.
Qed.
End CVF.

(* =============== C-VF with a non-symmetric Jacobian: the bias is real =============== *)
Section VFExample.
Let R1 := R_NormedModule.
Let S2 := prod_NormedModule R_AbsRing R1 R1.
Let mul (x y : R) := x * y.
Let ip2 := @product_inner R1 R1 mul mul.
Let J (s : S2) : S2 := (0, fst s / 2).
Let Jt (s : S2) : S2 := (snd s / 2, 0).
Let B (v : R1) : S2 := (v, 0).
Let F (z : S2 * R1) : S2 := (snd z, fst (fst z) / 2).
Let H (z : S2 * R1) (w : S2) : R1 := fst w.       (* = (F_diff/dtheta)^T, constant *)
Let ell (s : S2) : R := snd s * snd s / 2.
Let grad_ell (s : S2) : S2 := (0, snd s).

Lemma is_lin_half : is_linear (U := R1) (V := R1) (fun x : R => x / 2).
Proof.
split.
- intros x y. change ((x + y) / 2 = x / 2 + y / 2). field.
- intros k x. change (k * x / 2 = k * (x / 2)). field.
- exists 1. split. lra. intros x. change (Rabs (x / 2) <= 1 * Rabs x). unfold Rdiv. rewrite Rabs_mult, (Rabs_right (/ 2)) by lra. generalize (Rabs_pos x); lra.
Qed.
Lemma vA : is_linear J.
Proof.
apply (@is_linear_prod R_AbsRing S2 R1 R1 (fun _ => zero) (fun s => fst s / 2)). apply is_linear_zero.
apply (@is_linear_comp R_AbsRing S2 R1 R1 (fun s => fst s) (fun x : R => x / 2)). apply is_linear_fst. apply is_lin_half.
Qed.
Lemma vB : is_linear B.
Proof. apply (@is_linear_prod R_AbsRing R1 R1 R1 (fun v => v) (fun _ => zero)). apply is_linear_id. apply is_linear_zero. Qed.

Theorem vf_bias_example : exists g_th : R, g_th = 1 / 2 /\
  is_gradient R1 mul (fun th => ell (free_phase (State:=S2) (Param:=R1) F 2 1 (F ((2, 1), th)))) 2 g_th /\
  filterlim (fun beta : R => Delta_theta (State:=S2) (Param:=R1) F grad_ell (vf_rule (State:=S2) (Param:=R1) H) (2, 1) 2 beta (beta * beta) 1)
    (locally' (0:R)) (locally (0:R)).
Proof.
assert (HF : is_inner_product S2 ip2) by exact (is_inner_product_prod is_inner_product_R is_inner_product_R).
assert (fx : F ((2, 1), 2) = (2, 1)) by (unfold F; simpl; f_equal; lra).
assert (F_diff : filterdiff (U := prod_NormedModule R_AbsRing S2 R1) (V := S2) F (locally (((2, 1), 2) : prod_NormedModule R_AbsRing S2 R1)) (fun h => plus (J (fst h)) (B (snd h)))).
{ apply (@filterdiff_ext R_AbsRing (prod_NormedModule R_AbsRing S2 R1) S2 _ _ (fun h => plus (J (fst h)) (B (snd h)))).
  intros [[x y] th]. unfold F, J, B; simpl. apply injective_projections; simpl.
  change (0 + th = th). ring. change (x / 2 + 0 = x / 2). ring.
  apply filterdiff_linear.
  assert (L1 := @is_linear_comp R_AbsRing (prod_NormedModule R_AbsRing S2 R1) S2 S2 _ _ (@is_linear_fst R_AbsRing S2 R1) vA).
  assert (L2 := @is_linear_comp R_AbsRing (prod_NormedModule R_AbsRing S2 R1) R1 S2 _ _ (@is_linear_snd R_AbsRing S2 R1) vB).
  exact (@is_linear_comp R_AbsRing _ _ S2 _ _ (@is_linear_prod R_AbsRing _ S2 S2 _ _ L1 L2) (@is_linear_plus R_AbsRing S2)). }
assert (adjA : forall x y, ip2 (J x) y = ip2 x (Jt y)).
{ intros [a c] [a' c']. unfold ip2, product_inner, mul, J, Jt; simpl. field. }
assert (adjB : forall v y, ip2 (B v) y = mul v (H ((2, 1), 2) y)).
{ intros v [a' c']. unfold ip2, product_inner, mul, B, H; simpl. ring. }
assert (ell_grad : is_gradient S2 ip2 ell (2, 1) (grad_ell (2, 1))).
{ apply quadratic_remainder_diff. apply (ip_is_linear _ HF).
  exists 1. split. lra. apply filter_forall. intros p. set (q := minus p ((2, 1) : S2)).
  assert (N := norm_snd q).
  assert (E : minus (minus (ell p) (ell (2, 1))) (ip2 (grad_ell (2, 1)) q) = snd q * snd q / 2).
  { destruct p as [a c]. unfold q. change (c * c / 2 + - (1 * 1 / 2) + - (0 * (a + - 2) + 1 * (c + - 1)) = (c + - 1) * (c + - 1) / 2). field. }
  eapply Rle_trans. right; apply f_equal; exact E.
  set (nq := @norm R_AbsRing S2 q). set (y := snd q : R).
  assert (N' : Rabs y <= nq) by exact N.
  change (Rabs (y * y / 2) <= 1 * (nq * nq)).
  unfold Rdiv. rewrite !Rabs_mult, (Rabs_right (/ 2)) by lra. generalize (Rabs_pos y). nra. }
assert (grad_ell_cont : continuous grad_ell (2, 1)).
{ apply (@flim_pair S2 (locally ((2, 1) : S2)) _ R1 R1 (fun _ => 0) (fun s => snd s) 0 1). apply filterlim_const.
  apply (@linear_cont R_AbsRing S2 R1 (fun s => snd s) (2, 1)). apply is_linear_snd. }
assert (He0 : locally' (0:R) (fun x : R => x * x <> 0)).
{ refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros x Hx Q. apply Hx. nra. }
assert (Hk : filterlim (fun x : R => x * x / x) (locally' (0:R)) (locally (0:R))).
{ eapply filterlim_ext_loc; [|exact id_to0']. refine (@filter_imp R (locally' (0:R)) _ _ _ _ ne0'). intros x Hx. simpl. field; auto. }
assert (grad := @bptt_gradient_param S2 R1 ip2 mul HF is_inner_product_R F ell (grad_ell (2, 1)) (2, 1) 2 J B fx F_diff ell_grad vA vB Jt (H ((2, 1), 2)) adjA adjB 1).
assert (cH : forall eps : posreal, locally (((2, 1), 2) : prod_NormedModule R_AbsRing S2 R1) (fun z => forall w, norm (minus (H z w) (H ((2, 1), 2) w)) <= eps * norm w)).
{ intros eps. apply filter_forall. intros z w.
  assert (E : minus (H z w) (H ((2, 1), 2) w) = zero) by apply (plus_opp_r (H z w)).
  eapply Rle_trans. right; apply f_equal; exact E. eapply Rle_trans. right; apply norm_zero.
  apply Rmult_le_pos. left; apply cond_pos. apply norm_ge_0. }
assert (X := proj1 (@vf_joint_limit S2 R1 ip2 mul HF is_inner_product_R F ell grad_ell (2, 1) 2 J Jt B H vA vB (@is_linear_fst R_AbsRing R1 R1) F_diff adjA adjB cH ell_grad grad_ell_cont fx
   R (locally' (0:R)) _ (fun x => x) (fun x => x * x) id_to0' ne0' He0 Hk 1 _ grad)).
exists (nabla_theta (State:=S2) (Param:=R1) (grad_ell (2, 1)) Jt (H ((2, 1), 2)) 1).
split. { unfold nabla_theta, nabla_s, Jt, H, grad_ell; simpl. lra. }
split. exact grad.
match type of X with filterlim _ _ (locally ?x) => assert (E : x = 0) end.
{ change (- (1 / 2) + (1 / 2 + - 0) = 0). lra. }
rewrite E in X. exact X.
Qed.
End VFExample.
