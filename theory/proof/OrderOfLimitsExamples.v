(** * Examples for the order of limits and for the error bound

    - [alternating]: one neuron with [J = -1/2].  At [t = 2] alone both updates are right in the
      limit with eta = beta, although [nabla_theta(0) <> 0]: one even step taken alone does not
      force eta/beta -> 0 ([alternating_step_2]).
    - [positive]: two neurons with a positive semi-definite Jacobian.  The same happens with
      eta = beta/3, so that a sign condition on the Jacobian does not help ([positive_step_2]).
    - [deep]: the parameter acts on a hidden neuron only, [nabla_theta(0) = 0] and
      [nabla_theta(1) <> 0]: the updates of the steps 0 and 1 are right whatever the ratio does, those of
      the steps 0, 1 and 2 only if it vanishes ([deep_first_trace]).
    - [leaky_error_bound]: the error bound evaluated on the network [leaky]: both constants are 2 at [t = 1]. *)
From Coq Require Import Reals Lra List Lia.
From Coquelicot Require Import Coquelicot.
From CEP Require Import Algebra Limits Gradients Dynamics LearningRules LinearResponse Potential Network
  ModifiedJacobian MovingRatio OrderOfLimits ErrorBound Examples.
From CEP Require Pinned.
Set Implicit Arguments.
Open Scope R_scope.

(** ** Quadratic primitive functions

    [Phi = <J s, s>/2 + <B theta, s>], at rest in [s = 0], [theta = 0], with the loss [|s + g|^2 / 2], whose
    gradient at rest is [g]. *)
Section Quadratic.
Variables V W : NM.
Variables (ipV : V -> V -> R) (ipW : W -> W -> R) (kV : R).
Hypothesis HV : is_inner_product V ipV.
Hypothesis HW : is_inner_product W ipW.
Hypothesis kV_pos : 0 <= kV.
Hypothesis ipV_bound : forall x y, Rabs (ipV x y) <= kV * (norm x * norm y).
Variables (J : V -> V) (B : W -> V) (C : V -> W).
Hypothesis J_linear : is_linear J.
Hypothesis B_linear : is_linear B.
Hypothesis C_linear : is_linear C.
Hypothesis J_symmetric : forall x y, ipV (J x) y = ipV x (J y).
Hypothesis BC_adjoint : forall v y, ipV (B v) y = ipW v (C y).
Variable g : V.
Local Notation quadratic := (quadratic HV HW J B C g).

Notation Z := (prod_NormedModule R_AbsRing V W).

Lemma quadratic_primitive : has_primitive_function quadratic.
Proof.
unfold has_primitive_function, primitive_function. apply filter_forall. intros [s th].
destruct J_linear as [_ _ [a [a0 Ha]]]. destruct B_linear as [_ _ [b [b0 Hb]]].
apply (@gradient_by_remainder Z _ _ _ _ (kV * (a + b))).
apply (is_inner_product_prod HV HW). apply Rmult_le_pos; lra.
intros [s' th']. set (q := minus _ _). set (x := minus s' s). set (v := minus th' th).
assert (Nx : norm x <= norm q).
{ eapply Rle_trans. 2: exact (proj1 (@norm_prod R_AbsRing V W x v)). apply Rmax_l. }
assert (Nv : norm v <= norm q).
{ eapply Rle_trans. 2: exact (proj1 (@norm_prod R_AbsRing V W x v)). apply Rmax_r. }
assert (Es : s' = plus s x) by (unfold x; module V). assert (Et : th' = plus th v) by (unfold v; module W).
assert (EJ : J (plus s x) = plus (J s) (J x)) by exact (linear_plus J J_linear s x).
assert (EB : B (plus th v) = plus (B th) (B v)) by exact (linear_plus B B_linear th v).
assert (Id : Phi quadratic (s', th') - Phi quadratic (s, th) - product_inner ipV ipW (F quadratic (s, th), Phi_theta quadratic (s, th)) q
  = ipV (J x) x / 2 + ipV (B v) x).
{ change (ipV (J s') s' / 2 + ipV (B th') s' - (ipV (J s) s / 2 + ipV (B th) s) - (ipV (plus (J s) (B th)) x + ipW (C s) v) = ipV (J x) x / 2 + ipV (B v) x).
  rewrite Es, Et, EJ, EB, !(ipPl HV), !(ipPr HV), (ip_sym HW (C s)), <- BC_adjoint, (J_symmetric x s), (ip_sym HV x (J s)). field. }
eapply Rle_trans. right; apply f_equal; exact Id.
assert (P0 : 0 <= norm x) by apply norm_ge_0. assert (P1 : 0 <= norm v) by apply norm_ge_0.
assert (B1 : Rabs (ipV (J x) x) <= kV * (a * (norm q * norm q))).
{ eapply Rle_trans. apply ipV_bound. apply Rmult_le_compat_l; auto.
  apply Rle_trans with ((a * norm x) * norm x). apply Rmult_le_compat_r; auto. rewrite Rmult_assoc. apply Rmult_le_compat_l. lra. nra. }
assert (B2 : Rabs (ipV (B v) x) <= kV * (b * (norm q * norm q))).
{ eapply Rle_trans. apply ipV_bound. apply Rmult_le_compat_l; auto.
  apply Rle_trans with ((b * norm v) * norm x). apply Rmult_le_compat_r; auto. rewrite Rmult_assoc. apply Rmult_le_compat_l. lra. nra. }
eapply Rle_trans. apply Rabs_triang. unfold Rdiv. rewrite Rabs_mult, (Rabs_right (/ 2)) by lra.
generalize (Rabs_pos (ipV (J x) x)). lra.
Qed.
Lemma quadratic_derivatives : derivatives quadratic (fun h => plus (J (fst h)) (B (snd h))) (fun h => C (fst h)).
Proof.
assert (L1 := @is_linear_comp R_AbsRing Z V V _ _ (@is_linear_fst R_AbsRing V W) J_linear).
assert (L2 := @is_linear_comp R_AbsRing Z W V _ _ (@is_linear_snd R_AbsRing V W) B_linear).
split.
- apply (@filterdiff_linear R_AbsRing Z V).
  exact (@is_linear_comp R_AbsRing Z _ V _ _ (@is_linear_prod R_AbsRing Z V V _ _ L1 L2) (@is_linear_plus R_AbsRing V)).
- apply (@filterdiff_linear R_AbsRing Z W).
  exact (@is_linear_comp R_AbsRing Z V W _ _ (@is_linear_fst R_AbsRing V W) C_linear).
Qed.
Lemma quadratic_grad_continuous (s : V) : continuous (grad_ell quadratic) s.
Proof. apply (@flim_plus V (locally s) _ V). apply filterlim_id. apply filterlim_const. Qed.
Lemma quadratic_loss : loss_differentiable quadratic.
Proof.
split. 2: apply quadratic_grad_continuous.
apply (@gradient_by_remainder V ipV _ _ _ (kV / 2)). exact HV. lra. intros s.
set (x := minus s (s_star quadratic)).
assert (Es : s = x) by (unfold x; simpl; symmetry; apply minus_zero_r).
assert (Id : ell quadratic s - ell quadratic (s_star quadratic) - ipV (grad_ell quadratic (s_star quadratic)) x = ipV x x / 2).
{ change (ipV (plus s g) (plus s g) / 2 - ipV (plus zero g) (plus zero g) / 2 - ipV (plus zero g) x = ipV x x / 2).
  rewrite Es, plus_zero_l, !(ipPl HV), !(ipPr HV), (ip_sym HV g x). field. }
eapply Rle_trans. right; apply f_equal; exact Id.
unfold Rdiv. rewrite Rabs_mult, (Rabs_right (/ 2)) by lra. generalize (ipV_bound x x). intros. lra.
Qed.
Lemma quadratic_settled : settled quadratic.
Proof.
change (plus (J zero) (B zero) = zero).
assert (E1 : J zero = zero) by exact (linear_zero J J_linear). assert (E2 : B zero = zero) by exact (linear_zero B B_linear).
rewrite E1, E2. apply plus_zero_l.
Qed.
Theorem quadratic_meets_every_hypothesis : meets_every_hypothesis quadratic.
Proof.
assert (L1 := proj1 (proj1 quadratic_derivatives)). assert (L2 := proj1 (proj2 quadratic_derivatives)).
split; [exact quadratic_primitive|]. split; [do 2 eexists; exact quadratic_derivatives|]. split; [exact quadratic_loss|].
split; [split; [|split] | exact quadratic_settled].
- refine (@filter_forall Z (locally _) _ _ _). intros z. exact (@continuous_of_diff Z V _ _ z (@filterdiff_linear R_AbsRing Z V (locally z) _ L1)).
- refine (@filter_forall Z (locally _) _ _ _). intros z. exact (@continuous_of_diff Z W _ _ z (@filterdiff_linear R_AbsRing Z W (locally z) _ L2)).
- refine (@filter_forall V (locally _) _ _ _). exact quadratic_grad_continuous.
Qed.

(** Its objects at rest, in closed form. *)
Lemma quadratic_J x : dF_ds (State := V) (Param := W) (fun h => plus (J (fst h)) (B (snd h))) x = J x.
Proof.
unfold dF_ds. simpl. assert (E : B zero = zero) by exact (linear_zero B B_linear). rewrite E. apply plus_zero_r.
Qed.
Lemma quadratic_B v : dF_dtheta (State := V) (Param := W) (fun h => plus (J (fst h)) (B (snd h))) v = B v.
Proof.
unfold dF_dtheta. simpl. assert (E : J zero = zero) by exact (linear_zero J J_linear). rewrite E. apply plus_zero_l.
Qed.
Lemma quadratic_nabla t : is_nabla_s quadratic t (iterate J t g) /\ is_nabla_theta quadratic t (C (iterate J t g)).
Proof.
destruct quadratic_derivatives as [D1 D2].
destruct (@bptt_gradients V W ipV ipW HV HW _ _ _ _ _ _ _ quadratic_primitive _ _ D1 D2 (proj1 quadratic_loss) quadratic_settled t) as [G1 G2].
assert (E : iterate (dF_ds (State := V) (Param := W) (fun h => plus (J (fst h)) (B (snd h)))) t (grad_ell quadratic (s_star quadratic)) = iterate J t g).
{ rewrite (iterate_ext _ J t _ quadratic_J). f_equal. apply plus_zero_l. }
split. rewrite <- E. exact G1. rewrite <- E. exact G2.
Qed.

(** If [(J + k B C)^t g = J^t g] for a [k <> 0], the updates at step [t] are right along [eta = k beta]. *)
Lemma quadratic_wrong_path t k : k <> 0 -> iterate (modified_jacobian J B C k) t g = iterate J t g ->
  filterlim (fun beta => Delta_state quadratic t beta (k * beta)) (locally' (0:R)) (locally (opp (iterate J t g))) /\
  filterlim (fun beta => Delta_param quadratic t beta (k * beta)) (locally' (0:R)) (locally (opp (C (iterate J t g)))).
Proof.
intros Hk E. destruct quadratic_derivatives as [D1 D2].
destruct (straight_path_facts Hk) as [N1 [N2 _]].
destruct (@limit_at_fixed_kappa V W _ _ _ _ _ _ _ D1 D2 (proj2 quadratic_loss) quadratic_settled
  (fun t => iterate J t g) (fun t => C (iterate J t g)) R (locally' (0:R)) (Proper_StrongProper _ (Rbar_locally'_filter 0))
  (fun b => b) (fun b => k * b) k id_to0' ne0' N1 N2 t) as [[_ L1] [_ L2]].
assert (EM : iterate (modified_jacobian (dF_ds (State := V) (Param := W) (fun h => plus (J (fst h)) (B (snd h))))
   (dF_dtheta (State := V) (Param := W) (fun h => plus (J (fst h)) (B (snd h)))) (dPhi_theta_ds (State := V) (Param := W) (fun h => C (fst h))) k) t (grad_ell quadratic (s_star quadratic)) = iterate J t g).
{ rewrite <- E. transitivity (iterate (modified_jacobian J B C k) t (grad_ell quadratic (s_star quadratic))).
  apply iterate_ext. intros y. unfold modified_jacobian. now rewrite quadratic_J, quadratic_B.
  f_equal. apply plus_zero_l. }
split. exact (L1 EM). apply L2. exact (f_equal C EM).
Qed.

(** Which steps force eta/beta -> 0. *)
Lemma quadratic_matters t :
  forces_order_of_limits (fun _ => True) (fun T FF beta eta => forall j, (j <= t)%nat ->
    filterlim (fun x => Delta_param quadratic j (beta x) (eta x)) FF (locally (opp (C (iterate J j g))))) <->
  exists i, (i < t)%nat /\ C (iterate J i g) <> zero.
Proof.
destruct quadratic_derivatives as [D1 D2].
exact (@order_of_limits_matters V W ipV ipW HV HW _ _ _ _ _ _ _ quadratic_primitive _ _ D1 D2 (proj1 quadratic_loss) (proj2 quadratic_loss) quadratic_settled
  _ _ (fun t => proj1 (quadratic_nabla t)) (fun t => proj2 (quadratic_nabla t)) t).
Qed.
End Quadratic.

(** ** One neuron with a negative Jacobian *)

Lemma times_bound (x y : R1) : Rabs (times x y) <= 1 * (norm x * norm y).
Proof. change (Rabs (x * y) <= 1 * (Rabs x * Rabs y)). rewrite Rabs_mult. lra. Qed.
Lemma scaling_linear (a : R) : is_linear (U := R1) (V := R1) (fun x => a * x).
Proof.
split.
- intros x y. change (a * (x + y) = a * x + a * y). ring.
- intros k x. change (a * (k * x) = k * (a * x)). ring.
- exists (Rabs a + 1). split. generalize (Rabs_pos a); lra. intros x.
  change (Rabs (a * x) <= (Rabs a + 1) * Rabs x). rewrite Rabs_mult. generalize (Rabs_pos x); nra.
Qed.

Theorem alternating_meets_every_hypothesis : Pinned.alternating_meets_every_hypothesis.
Proof.
apply (@quadratic_meets_every_hypothesis R1 R1 times times 1); try apply is_linear_id; try apply scaling_linear. lra. apply times_bound.
intros x y. unfold times. ring. reflexivity.
Qed.

(** [nabla_theta(0) = 1], [nabla_s(2) = nabla_theta(2) = 1/4]; and with eta = beta both updates of the step 2 are right. *)
Theorem alternating_step_2 : Pinned.alternating_step_2.
Proof.
red.
assert (N := @quadratic_nabla R1 R1 times times 1 is_inner_product_R is_inner_product_R Rle_0_1 times_bound (fun x => - / 2 * x) (fun v => v) (fun x => x)
  (scaling_linear (- / 2)) is_linear_id is_linear_id ltac:(intros x y; unfold times; ring) ltac:(reflexivity) 1).
assert (P := @quadratic_wrong_path R1 R1 times times 1 is_inner_product_R is_inner_product_R Rle_0_1 times_bound (fun x => - / 2 * x) (fun v => v) (fun x => x)
  (scaling_linear (- / 2)) is_linear_id is_linear_id 1 2 1 R1_neq_R0).
assert (E : iterate (fun x : R => - / 2 * x) 2 1 = / 4) by (simpl; field).
assert (EM : iterate (modified_jacobian (State := R1) (Param := R1) (fun x => - / 2 * x) (fun v => v) (fun x => x) 1) 2 (1 : R1) = iterate (fun x : R => - / 2 * x) 2 1).
{ simpl. unfold modified_jacobian. change (- / 2 * (- / 2 * 1 + 1 * 1) + 1 * (- / 2 * 1 + 1 * 1) = - / 2 * (- / 2 * 1)). field. }
destruct (P EM) as [P1 P2]. destruct (N 2%nat) as [N1 N2].
rewrite <- E. exact (conj (proj2 (N 0%nat)) (conj N1 (conj N2 (conj P1 P2)))).
Qed.

(** ** Two neurons *)
Section Plane2.
Lemma two_pos : 0 <= 2. Proof. lra. Qed.
Notation P2 := (Rn 1).
Lemma dot_bound (x y : P2) : Rabs (dot 1 x y) <= 2 * (norm x * norm y).
Proof.
destruct x as [x1 x2]. destruct y as [y1 y2]. change (Rabs (x1 * y1 + x2 * y2) <= 2 * (@norm R_AbsRing P2 (x1, x2) * @norm R_AbsRing P2 (y1, y2))).
assert (A1 : Rabs x1 <= @norm R_AbsRing P2 (x1, x2)) by exact (norm_fst (x1, x2)). assert (A2 : Rabs x2 <= @norm R_AbsRing P2 (x1, x2)) by exact (norm_snd (x1, x2)).
assert (B1 : Rabs y1 <= @norm R_AbsRing P2 (y1, y2)) by exact (norm_fst (y1, y2)). assert (B2 : Rabs y2 <= @norm R_AbsRing P2 (y1, y2)) by exact (norm_snd (y1, y2)).
eapply Rle_trans. apply Rabs_triang. rewrite !Rabs_mult.
generalize (Rabs_pos x1) (Rabs_pos x2) (Rabs_pos y1) (Rabs_pos y2). nra.
Qed.
Lemma matrix_linear (a b c d : R) : is_linear (U := P2) (V := P2) (matrix a b c d).
Proof. exact (@is_linear_prod R_AbsRing P2 R1 R1 _ _ (linear_plane a b) (linear_plane c d)). Qed.

Lemma positive_symmetric (x y : P2) : dot 1 (matrix 0 0 0 (/ 3) x) y = dot 1 x (matrix 0 0 0 (/ 3) y).
Proof. destruct x as [x1 x2]. destruct y as [y1 y2]. unfold matrix, dot, product_inner; simpl. ring. Qed.
Lemma positive_adjoint (v y : P2) : dot 1 (matrix 1 0 (3 / 4) (/ 2) v) y = dot 1 v (matrix 1 (3 / 4) 0 (/ 2) y).
Proof. destruct v as [v1 v2]. destruct y as [y1 y2]. unfold matrix, dot, product_inner; simpl. ring. Qed.
Theorem positive_meets_every_hypothesis : Pinned.positive_meets_every_hypothesis.
Proof.
apply (@quadratic_meets_every_hypothesis P2 P2 (dot 1) (dot 1) 2); try apply matrix_linear. lra. apply dot_bound. apply positive_symmetric. apply positive_adjoint.
Qed.
(** The Jacobian is positive semi-definite, and yet with eta = beta/3 both updates of the step 2 are right. *)
Theorem positive_step_2 : Pinned.positive_step_2.
Proof.
red.
set (J := matrix 0 0 0 (/ 3)). set (B := matrix 1 0 (3 / 4) (/ 2)). set (C := matrix 1 (3 / 4) 0 (/ 2)).
assert (N := @quadratic_nabla P2 P2 (dot 1) (dot 1) 2 (is_inner_product_Rn 1) (is_inner_product_Rn 1) two_pos dot_bound J B C
  (matrix_linear _ _ _ _) (matrix_linear _ _ _ _) (matrix_linear _ _ _ _) positive_symmetric positive_adjoint (27, -20)).
assert (P := @quadratic_wrong_path P2 P2 (dot 1) (dot 1) 2 (is_inner_product_Rn 1) (is_inner_product_Rn 1) two_pos dot_bound J B C
  (matrix_linear _ _ _ _) (matrix_linear _ _ _ _) (matrix_linear _ _ _ _) (27, -20) 2 (/ 3) ltac:(lra)).
assert (E0 : C (27, -20) = (12, -10)) by (unfold C, matrix; simpl; f_equal; field).
assert (E : iterate J 2 (27, -20) = (0, - 20 / 9)) by (unfold J, matrix; simpl; f_equal; field).
assert (EC : C (0, - 20 / 9) = (- 5 / 3, - 10 / 9)) by (unfold C, matrix; simpl; f_equal; field).
assert (EM : iterate (modified_jacobian J B C (/ 3)) 2 (27, -20) = iterate J 2 (27, -20)).
{ rewrite E. assert (E1 : modified_jacobian J B C (/ 3) (27, -20) = (4, - 16 / 3)).
  { unfold modified_jacobian, J, B, C, matrix; simpl. apply injective_projections; simpl; unfold plus, scal; simpl; unfold mult; simpl; field. }
  transitivity (modified_jacobian J B C (/ 3) ((4, - 16 / 3) : P2)). exact (f_equal (modified_jacobian J B C (/ 3)) E1).
  unfold modified_jacobian, J, B, C, matrix; simpl. apply injective_projections; simpl; unfold plus, scal; simpl; unfold mult; simpl; field. }
destruct (P EM) as [P1 P2']. destruct (N 2%nat) as [N1 N2].
split. { intros [x1 x2]. unfold J, matrix, dot, product_inner; simpl. nra. }
split. { rewrite <- E0. exact (proj2 (N 0%nat)). }
rewrite <- EC, <- E. exact (conj N1 (conj N2 (conj P1 P2'))).
Qed.

Lemma to_hidden_linear : is_linear to_hidden.
Proof. apply (@is_linear_prod R_AbsRing R1 R1 R1 (fun v => v) (fun _ => zero)). apply is_linear_id. apply is_linear_zero. Qed.
Lemma hidden_linear : is_linear hidden.
Proof. exact (@is_linear_fst R_AbsRing R1 R1). Qed.
Lemma deep_symmetric (x y : P2) : dot 1 (matrix 0 (/ 2) (/ 2) 0 x) y = dot 1 x (matrix 0 (/ 2) (/ 2) 0 y).
Proof. destruct x as [x1 x2]. destruct y as [y1 y2]. unfold matrix, dot, product_inner; simpl. ring. Qed.
Lemma deep_adjoint (v : R1) (y : P2) : dot 1 (to_hidden v) y = times v (hidden y).
Proof. destruct y as [y1 y2]. unfold to_hidden, hidden, times, dot, product_inner; simpl. ring. Qed.
Theorem deep_meets_every_hypothesis : Pinned.deep_meets_every_hypothesis.
Proof.
apply (@quadratic_meets_every_hypothesis P2 R1 (dot 1) times 2). lra. apply dot_bound. apply matrix_linear. apply to_hidden_linear. apply hidden_linear.
apply deep_symmetric. apply deep_adjoint.
Qed.
Local Notation right_up_to t := (fun T FF beta eta => forall j, (j <= t)%nat -> forall g_th, is_nabla_theta deep j g_th ->
   filterlim (fun x : T => Delta_param deep j (beta x) (eta x)) FF (locally (opp g_th))).
Theorem deep_first_trace : Pinned.deep_first_trace.
Proof.
red.
set (J := matrix 0 (/ 2) (/ 2) 0).
assert (N := @quadratic_nabla P2 R1 (dot 1) times 2 (is_inner_product_Rn 1) is_inner_product_R two_pos dot_bound J to_hidden hidden
  (matrix_linear _ _ _ _) to_hidden_linear hidden_linear deep_symmetric deep_adjoint (0, 1)).
assert (Q := @quadratic_matters P2 R1 (dot 1) times 2 (is_inner_product_Rn 1) is_inner_product_R two_pos dot_bound J to_hidden hidden
  (matrix_linear _ _ _ _) to_hidden_linear hidden_linear deep_symmetric deep_adjoint (0, 1)).
assert (E0 : hidden (iterate J 0 (0, 1)) = 0) by reflexivity.
assert (E1 : hidden (iterate J 1 (0, 1)) = / 2) by (unfold hidden, J, matrix; simpl; field).
split. { rewrite <- E0. apply N. }
split. { rewrite <- E1. apply N. }
split.
- intros H. destruct (proj1 (Q 1%nat)) as [i [Hi Hn]].
  { intros T FF HF beta eta Hb Hb0 He He0 Hr G. apply (H T FF HF beta eta Hb Hb0 He He0 Hr).
    intros j Hj g_th Hg. rewrite (gradient_unique is_inner_product_R Hg (proj2 (N j))). exact (G j Hj). }
  assert (i = 0)%nat by lia. subst i. apply Hn. exact E0.
- assert (X : exists i, (i < 2)%nat /\ hidden (iterate J i (0, 1)) <> zero).
  { exists 1%nat. split. lia. rewrite E1. change (/ 2 <> 0). lra. }
  intros T FF HF beta eta Hb Hb0 He He0 Hr G.
  apply (proj2 (Q 2%nat) X T FF HF beta eta Hb Hb0 He He0 Hr).
  intros j Hj. apply (G j Hj). apply N.
Qed.
End Plane2.

(** ** The error bound in numbers

    On [leaky] at [t = 1] both constants are 2, and they hold as soon as |beta| + |eta/beta| <= 1. *)
Definition leaky_data : problem_data :=
  {| norm_J := / 2; norm_B := 1; norm_C := 1; remainder_F := 0; remainder_Phi_theta := 0; norm_grad := 1; lipschitz_grad := 1; radius := 10 |}.
Lemma leaky_constants : state_constant leaky_data 1 = 2 /\ param_constant leaky_data 1 = 2 /\ validity_radius leaky_data 1 = 1.
Proof.
unfold param_constant, validity_radius, state_constant, state_size, state_error, param_size. simpl. unfold next_state_error, next_param_size. simpl.
repeat split; try field. apply Rmin_left. apply Rmult_le_reg_r with 11. lra. field_simplify; lra.
Qed.
Theorem leaky_error_bound : Pinned.leaky_error_bound.
Proof.
intros beta eta Hb He Hr. destruct (leaky_bptt 1) as [G1 G2]. destruct leaky_meets_every_hypothesis as [A1 [_ [[A3 _] [_ A5]]]].
destruct (leaky_derivatives 1 (1 / 2)) as [D1 D2]. destruct leaky_constants as [K1 [K2 K3]].
assert (Hd : nonnegative leaky_data) by (unfold nonnegative; simpl; lra).
assert (Hbounds : bounds_problem R1 R1 (F leaky) (Phi_theta leaky) (grad_ell leaky) 1 (1 / 2)
  (fun h => / 2 * fst h + 1 * snd h) (fun h => 1 * fst h + 0 * snd h) leaky_data).
{ unfold bounds_problem, dF_ds, dF_dtheta, dPhi_theta_ds; simpl. repeat split.
  - intros x. change (Rabs (/ 2 * x + 1 * 0) <= / 2 * Rabs x). rewrite Rmult_0_r, Rplus_0_r, Rabs_mult, (Rabs_right (/ 2)); lra.
  - intros v. change (Rabs (/ 2 * 0 + 1 * v) <= 1 * Rabs v). rewrite Rmult_0_r, Rplus_0_l, Rmult_1_l. lra.
  - intros x. change (Rabs (1 * x + 0 * 0) <= 1 * Rabs x). rewrite Rmult_0_r, Rplus_0_r, Rmult_1_l. lra.
  - intros s th _ _. change (Rabs (s / 2 + th + - (1 / 2 + 1 / 2) + - (/ 2 * (s + - 1) + 1 * (th + - (1 / 2)))) <= 0 * (Rabs (s + - 1) + Rabs (th + - (1 / 2))) ^ 2).
    replace (s / 2 + th + - (1 / 2 + 1 / 2) + - (/ 2 * (s + - 1) + 1 * (th + - (1 / 2)))) with 0 by field. rewrite Rabs_R0. lra.
  - intros s th _ _. change (Rabs (s + - 1 + - (1 * (s + - 1) + 0 * (th + - (1 / 2)))) <= 0 * (Rabs (s + - 1) + Rabs (th + - (1 / 2))) ^ 2).
    replace (s + - 1 + - (1 * (s + - 1) + 0 * (th + - (1 / 2)))) with 0 by field. rewrite Rabs_R0. lra.
  - change (Rabs (1 - 0) <= 1). rewrite Rabs_right; lra.
  - intros s _. change (Rabs (s - 0 + - (1 - 0)) <= 1 * Rabs (s + - 1)). replace (s - 0 + - (1 - 0)) with (s + - 1) by ring. lra. }
assert (Hr' : Rabs beta + Rabs (eta / beta) <= validity_radius leaky_data 1) by (rewrite K3; exact Hr).
destruct (@cep_error_bound R1 R1 times times is_inner_product_R is_inner_product_R _ _ _ _ _ _ _ A1 _ _ D1 D2 A3 A5 leaky_data Hd Hbounds 1 _ _ G1 G2 beta eta Hb Hr') as [B1 B2].
specialize (B2 He). rewrite K1 in B1. rewrite K2 in B2. replace ((/ 2) ^ 1) with (/ 2) in * by ring. exact (conj B1 B2).
Qed.
