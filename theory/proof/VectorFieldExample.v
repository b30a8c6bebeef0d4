(** * A C-VF network whose bias does not vanish

    Two neurons in a chain, [s_1 <- theta] and [s_2 <- s_1 / 2], with the loss [s_2^2 / 2] and no connection
    back: the loss gradient at [t = 1] must travel from [s_2] to [s_1], which only the transposed
    Jacobian does.  BPTT has [nabla_theta(1) = 1/2]; the update is 0 in the limit.  The bound on the bias is
    attained here: [1 * (1/2) * 1]. *)
From Coq Require Import Reals Lra.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics Bptt VectorField.
From CEP Require Import Instances.
From CEP Require Pinned.
Set Implicit Arguments.
Open Scope R_scope.

Section VFExample.
Let S2 := prod_NormedModule R_AbsRing R1 R1.
Let ip2 := @product_inner R1 R1 times times.
Let B (v : R1) : S2 := (v, 0).
Local Notation F := chain_F.
Local Notation H := chain_H.
Local Notation ell := chain_ell.
Local Notation grad_ell := chain_grad_ell.
Local Notation J := chain_J.
Local Notation Jt := chain_Jt.

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

(** At [t = 1] the gradient is 1/2; in the limit beta -> 0, eta = beta^2, the update of theta is 0. *)
Theorem vf_bias_example : Pinned.vf_bias_example.
Proof.
assert (HF : is_inner_product S2 ip2) by exact (is_inner_product_prod is_inner_product_R is_inner_product_R).
assert (fx : F ((2, 1), 2) = (2, 1)) by (unfold chain_F; simpl; f_equal; lra).
assert (F_diff : filterdiff (U := prod_NormedModule R_AbsRing S2 R1) (V := S2) F (locally (((2, 1), 2) : prod_NormedModule R_AbsRing S2 R1)) (fun h => plus (J (fst h)) (B (snd h)))).
{ apply (@filterdiff_ext R_AbsRing (prod_NormedModule R_AbsRing S2 R1) S2 _ _ (fun h => plus (J (fst h)) (B (snd h)))).
  intros [[x y] th]. unfold chain_F, chain_J, B; simpl. apply injective_projections; simpl.
  change (0 + th = th). ring. change (x / 2 + 0 = x / 2). ring.
  apply filterdiff_linear.
  assert (L1 := @is_linear_comp R_AbsRing (prod_NormedModule R_AbsRing S2 R1) S2 S2 _ _ (@is_linear_fst R_AbsRing S2 R1) vA).
  assert (L2 := @is_linear_comp R_AbsRing (prod_NormedModule R_AbsRing S2 R1) R1 S2 _ _ (@is_linear_snd R_AbsRing S2 R1) vB).
  exact (@is_linear_comp R_AbsRing _ _ S2 _ _ (@is_linear_prod R_AbsRing _ S2 S2 _ _ L1 L2) (@is_linear_plus R_AbsRing S2)). }
assert (adjA : forall x y, ip2 (J x) y = ip2 x (Jt y)).
{ intros [a c] [a' c']. unfold ip2, product_inner, times, chain_J, chain_Jt; simpl. field. }
assert (adjB : forall v y, ip2 (B v) y = times v (H ((2, 1), 2) y)).
{ intros v [a' c']. unfold ip2, product_inner, times, B, chain_H; simpl. ring. }
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
assert (grad := @bptt_gradient_param S2 R1 ip2 times HF is_inner_product_R F ell (grad_ell (2, 1)) (2, 1) 2 J B fx F_diff ell_grad vA vB Jt (H ((2, 1), 2)) adjA adjB 1).
assert (cH : forall eps : posreal, locally (((2, 1), 2) : prod_NormedModule R_AbsRing S2 R1) (fun z => forall w, norm (minus (H z w) (H ((2, 1), 2) w)) <= eps * norm w)).
{ intros eps. apply filter_forall. intros z w.
  assert (E : minus (H z w) (H ((2, 1), 2) w) = zero) by apply (plus_opp_r (H z w)).
  eapply Rle_trans. right; apply f_equal; exact E. eapply Rle_trans. right; apply norm_zero.
  apply Rmult_le_pos. left; apply cond_pos. apply norm_ge_0. }
assert (gradS := @bptt_gradient_state S2 R1 ip2 HF F ell (grad_ell (2, 1)) (2, 1) 2 J B fx F_diff ell_grad vB Jt adjA 1).
assert (X := proj2 (@vf_joint_limit S2 R1 ip2 times HF is_inner_product_R F ell grad_ell (2, 1) 2 J Jt B H vA vB (@is_linear_fst R_AbsRing R1 R1) F_diff adjA adjB cH ell_grad grad_ell_cont fx
   1 _ _ gradS grad R (locally' (0:R)) _ (fun x => x) (fun x => x * x) id_to0' ne0' He0 Hk)).
exists (nabla_theta (State:=S2) (Param:=R1) (grad_ell (2, 1)) Jt (H ((2, 1), 2)) 1).
split. { unfold nabla_theta, nabla_s, chain_Jt, chain_H, chain_grad_ell; simpl. lra. }
split. exact grad.
match type of X with filterlim _ _ (locally ?x) => assert (E : x = 0) end.
{ change (- (1 / 2 + (0 + - (1 / 2))) = 0). lra. }
rewrite E in X. exact X.
Qed.

(** The bound is attained: [|J - J^T| = 1/2], [|g| = 1] and [|bias| = 1/2] at [t = 1]. *)
Lemma S2_norm (x y : R) : @norm R_AbsRing S2 (x, y) = sqrt (x * x + y * y).
Proof.
unfold norm; simpl. unfold prod_norm; simpl. unfold norm; simpl. unfold abs; simpl.
f_equal. generalize (Rsqr_abs x) (Rsqr_abs y). unfold Rsqr. intros Hx Hy. rewrite !Rmult_1_r, <- Hx, <- Hy. reflexivity.
Qed.
Theorem vf_bias_bound_attained : Pinned.vf_bias_bound_attained.
Proof.
red. change (Rn 1) with S2.
split.
- intros [x y]. change (minus (J (x, y)) (Jt (x, y))) with ((0 + - (y / 2), x / 2 + - 0) : S2).
  rewrite !S2_norm. right.
  replace ((0 + - (y / 2)) * (0 + - (y / 2)) + (x / 2 + - 0) * (x / 2 + - 0)) with ((/ 2) ^ 2 * (x * x + y * y)) by field.
  rewrite sqrt_mult. rewrite sqrt_pow2; lra. apply pow2_ge_0. nra.
- unfold vf_bias. change (minus (iterate J 1 (0, 1)) (iterate Jt 1 (0, 1))) with ((0 + - (1 / 2), 0 / 2 + - 0) : S2).
  rewrite !S2_norm.
  replace ((0 + - (1 / 2)) * (0 + - (1 / 2)) + (0 / 2 + - 0) * (0 / 2 + - 0)) with ((/ 2) ^ 2) by field.
  replace (0 * 0 + 1 * 1) with (1 ^ 2) by ring. rewrite !sqrt_pow2 by lra. simpl. lra.
Qed.
End VFExample.
